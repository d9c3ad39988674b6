import type { AwsProblem } from '../../domain/aws-problem.ts'
import { redact } from '../../domain/redact.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'

// AbortError: our own time limit, as the older client names it.
const UNREACHABLE =
  /^(AbortError|ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|TimeoutError|RequestTimeout|NetworkingError)$/

/** What kind of failure an error from an AWS client is, by its name, code and status, never by its words. */
export function problemOf(error: unknown): AwsProblem {
  const names = namesOf(error)
  // Before the rest: a role that could not be taken on, because nothing answered, is no word of AWS's.
  if (names.some((name) => UNREACHABLE.test(name))) return 'unreachable'
  if (
    names.some((name) =>
      /AccessDenied|UnrecognizedClient|InvalidClientTokenId|ExpiredToken|CredentialsProvider|NotAuthorized/.test(name),
    )
  )
    return 'access-denied'
  if (names.some((name) => /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/.test(name))) return 'throttled'
  return 'failed'
}

export function refuseAws(error: unknown, service: string, region: string): Refusal {
  const detail = redact(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 300)
  return refuse({ code: 'aws', problem: problemOf(error), service, region, detail })
}

/** There was nothing to sign the call with, so it never left. */
export function hasNoCredentials(error: unknown): boolean {
  return namesOf(error).includes('CredentialsProviderError')
}

/** SSM's and the gateway's own words for a call they did not take (SSM API, SendCommand and common errors). */
const NOT_TAKEN =
  /^(Validation|Invalid|AccessDenied|NotAuthorized|Throttl|TooManyRequests|RequestLimitExceeded|UnrecognizedClient|ExpiredToken|RequestExpired|IncompleteSignature|SignatureDoesNotMatch|MissingAuthenticationToken|OptInRequired|UnsupportedPlatform|MaxDocumentSize|DuplicateInstanceId|Serialization)/

/**
 * Did the service refuse it in so many words, with a 4xx, so that nothing was started? Anything on the way can answer a
 * 4xx of its own, and a 408 says that it gave up waiting.
 */
export function wasRejected(error: unknown): boolean {
  const status = statusOf(error)
  const isRefusal = status !== undefined && status >= 400 && status < 500 && status !== 408
  return isRefusal && error instanceof Error && NOT_TAKEN.test(error.name)
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}

function namesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const code = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  const inner = error instanceof AggregateError ? error.errors.flatMap(namesOf) : []
  return [error.name, ...code, ...inner, ...namesOf(error.cause)]
}
