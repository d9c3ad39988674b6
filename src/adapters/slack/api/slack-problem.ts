/**
 * Why Slack did not tell, as a person can act on it: a sentence without its full stop. What is not known to be Slack's
 * keeps its own words.
 */
export function slackProblem(error: unknown): string {
  const answered = slackAnswer(error)
  switch (answered) {
    case undefined:
      return unanswered(error)
    case 'missing_scope':
      return `my app lacks a permission in Slack (${answered}): who runs me must install it again with the scopes of its manifest`
    case 'invalid_auth':
    case 'account_inactive':
    case 'token_revoked':
    case 'token_expired':
    case 'not_authed':
      return `Slack does not take my token any more (${answered}): who runs me must look`
    case 'ratelimited':
      return 'Slack asks me to slow down, so try again in a minute'
    case 'user_not_found':
    case 'user_not_visible':
      return `Slack shows me no such person (${answered})`
    case 'no_such_subteam':
      return `Slack has no such user group (${answered})`
    default:
      return `Slack answered ${answered}`
  }
}

const TOKEN_REFUSED: ReadonlySet<string> = new Set([
  'invalid_auth',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_authed',
])

/** Does Slack say that the token is none, or none any more? */
export function isTokenRefused(error: unknown): boolean {
  return TOKEN_REFUSED.has(slackAnswer(error) ?? '')
}

/** What Slack answered instead, by its own name; `undefined` where it did not answer. */
export function slackAnswer(error: unknown): string | undefined {
  const answered = fieldOf(fieldOf(error, 'data'), 'error')
  return typeof answered === 'string' ? answered : undefined
}

/** By the client's own names for it (@slack/web-api, ErrorCode). */
function unanswered(error: unknown): string {
  switch (fieldOf(error, 'code')) {
    case 'slack_webapi_rate_limited_error':
      return 'Slack asks me to slow down, so try again in a minute'
    case 'slack_webapi_request_error':
      return 'Slack could not be reached, so try again in a minute'
    case 'slack_webapi_http_error':
      return 'Slack has trouble of its own, so try again in a minute'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
