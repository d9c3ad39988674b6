/** A refusal with Slack's own error code. */
export class ApiError extends Error {
  readonly code: string
  readonly details: readonly string[]

  constructor(code: string, ...details: string[]) {
    super(code)
    this.code = code
    this.details = details
  }
}
