import { createHash, randomUUID } from 'node:crypto'
import { AwsError } from './aws-error.ts'
import { ACCOUNT } from './policy.ts'

/** A role of some account that may be taken on, and what lies in that account. */
export interface RoleSpec {
  readonly externalId?: string
  /** How long its credentials are good; default an hour. */
  readonly lastsMs?: number
  /** Clusters and instances that only this role reaches. */
  readonly owns: readonly string[]
}

export interface Session {
  readonly role: string
  readonly secretAccessKey: string
  readonly token: string
  readonly expiresAt: number
}

const HOUR_MS = 3_600_000

/** STS AssumeRole, and whose keys are whose. */
export class Sts {
  readonly roles = new Map<string, RoleSpec>()
  readonly #sessions = new Map<string, Session>()

  session(accessKeyId: string): Session | undefined {
    return this.#sessions.get(accessKeyId)
  }

  /** The answer in XML, as the query protocol has it. */
  assumeRole(form: URLSearchParams): string {
    if (form.get('Action') !== 'AssumeRole') throw new AwsError('InvalidAction', form.get('Action') ?? '')
    const arn = form.get('RoleArn') ?? ''
    const role = this.roles.get(arn)
    const isAllowed = role && (role.externalId ?? null) === form.get('ExternalId')
    if (!isAllowed || !/^[\w+=,.@-]{2,64}$/.test(form.get('RoleSessionName') ?? ''))
      throw new AwsError('AccessDenied', `not authorized to perform: sts:AssumeRole on resource: ${arn}`, 403)
    const keyId = `ASIA${randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase()}`
    const session: Session = {
      role: arn,
      secretAccessKey: createHash('sha256').update(keyId).digest('hex'),
      token: `token-of-${keyId}`,
      expiresAt: Date.now() + (role.lastsMs ?? HOUR_MS),
    }
    this.#sessions.set(keyId, session)
    return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>${keyId}</AccessKeyId><SecretAccessKey>${session.secretAccessKey}</SecretAccessKey><SessionToken>${session.token}</SessionToken><Expiration>${new Date(session.expiresAt).toISOString()}</Expiration></Credentials>
<AssumedRoleUser><AssumedRoleId>AROASIMULATOR:${form.get('RoleSessionName')}</AssumedRoleId><Arn>${arn}</Arn></AssumedRoleUser>
</AssumeRoleResult></AssumeRoleResponse>`
  }

  /** Whatever a call names must lie where its credentials reach. */
  checkReach(role: string | undefined, input: object): void {
    const text = JSON.stringify(input)
    for (const [arn, { owns }] of this.roles)
      for (const id of owns)
        if (arn !== role && text.includes(`"${id}"`))
          throw new AwsError('AccessDeniedException', `${id} is not in account ${role?.split(':')[4] ?? ACCOUNT}`)
  }
}
