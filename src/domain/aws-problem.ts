/** How a call to AWS did not work, as far as the person can act on it. */
export type AwsProblem = 'access-denied' | 'throttled' | 'unreachable' | 'failed'
