declare const brand: unique symbol

/** A string or number that only its own parse function may make, so that two of a kind cannot be mixed up. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** Milliseconds since the Unix epoch. */
export type Instant = number
