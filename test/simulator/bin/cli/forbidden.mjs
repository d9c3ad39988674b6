import { recordViolation } from '../shared/recording.mjs'
import { Failure } from './answer.mjs'

// A sync never changes anything otherwise: each of these is a violation by itself, and is never carried out.
const names = [
  'user create',
  'user delete',
  'user change-password',
  'user change-mfa',
  'user change-quorum',
  'key delete',
  'key generate-symmetric',
  'key generate-asymmetric-pair',
  'key import',
  'key share',
  'key unshare',
  'key set-attribute',
  'key wrap',
  'key unwrap',
  'key generate-file',
  'quorum token-sign',
  'cluster activate',
  'cluster mtls',
]

export const forbiddenCommands = Object.fromEntries(
  names.map((name) => [
    name,
    {
      // Its options are not read.
      act() {
        recordViolation('cloudhsm-cli', `${name} was sent`)
        throw new Failure(`${name} failed: the operation is not permitted`)
      },
    },
  ]),
)
