export interface Dialect {
  prompt: 'aws-cloudhsm>' | 'aws-cloudhsm> '
  serverPrompt: 'server0>' | 'server 0>' | 'server>' | 'aws-cloudhsm>'
  echo: boolean
  ignoringE2ELine: boolean
  connectOrder: 'each' | 'connect-then-e2e' | 'connecting-first'
  userTable: 'narrow' | 'wide' | 'old'
  adminType: 'PCO' | 'CO'
  combinedMarks: boolean
  serverModeSuffix: boolean
  loginFailureSuffix: boolean
  quotesFailedLogin: boolean
  maskLines: boolean
  failureText: 'mask-code' | 'hsm-error'
  findAllKeysFileOutput: 'everything' | 'summary'
  blankLines: boolean
  exitCode: 0 | 1
  cliConfigType: 'hsm2m' | 'hsm1'
  cliConfigLayout: 'pretty' | 'compact'
  cliTakesOptions: boolean
  cliInteractive: 'prompts' | 'silent' | 'terminal'
  cliJson: 'pretty' | 'compact'
  cliFailureExit: 0 | 1
  cliQuorumField: boolean
  cliAdminSees: 'all' | 'none'
  cliColours: boolean
  cliLogs: boolean
}
export const dialectDimensions: { readonly [K in keyof Dialect]: readonly Dialect[K][] }
export function dialectOf(seed: number | string, overrides?: Partial<Dialect>): Dialect
