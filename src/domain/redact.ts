/**
 * Shapes of secrets that may never leave the bot, whoever wrote them, each with what every secret of that shape holds.
 * The known HSM password is cut out on the bastion already.
 */
const SECRETS: readonly (readonly [word: string, shape: RegExp])[] = [
  ['xox', /\bxox[a-z]-[A-Za-z0-9-]{8,}/g],
  ['xapp-', /\bxapp-[A-Za-z0-9-]{8,}/g],
  ['AKIA|ASIA', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g],
  // A login as CMU takes it: the third word is the password, whatever follows.
  ['loginHSM', /(?<=\bloginHSM\s+(?:-\S+\s+)*(?:CO|CU|PRECO|PCO)\s+\S+\s+)\S+/gi],
  ['createUser|changePswd', /(?<=\b(?:createUser|changePswd)\s+(?:CO|CU|PRECO|PCO)\s+\S+\s+)\S+/gi],
  // In JSON, in JSON inside a JSON string, and in single quotes.
  ['password|secret|pin', /(?<=(?:password|secret|pin)"?\s*[:=]\s*")(?:[^"\\]|\\.)+/gi],
  ['password|secret|pin', /(?<=(?:password|secret|pin)(?:\\+")?\s*[:=]\s*\\+")[^"\\]+/gi],
  ['password|secret|pin', /(?<=(?:password|secret|pin)'?\s*[:=]\s*')[^']+/gi],
  ['CLOUDHSM_PIN=', /(?<=CLOUDHSM_PIN=)\S+/g],
]

/** Most texts hold none of these words: that is seen in one look. */
const ANY_WORD = new RegExp([...new Set(SECRETS.map(([word]) => word))].join('|'), 'i')

/** The text without anything that looks like a secret. Repeating it changes nothing. */
export function redact(text: string): string {
  if (!ANY_WORD.test(text)) return text
  return SECRETS.reduce((clean, [, shape]) => clean.replace(shape, '[redacted]'), text)
}

/**
 * The same for a value of any shape, text by text: over finished JSON a secret's shape could take a quote with it and
 * leave what nobody can read.
 */
export function redactValue(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return isSecretName(name) ? '[redacted]' : redact(value)
  if (Array.isArray(value)) return value.map((item) => redactValue(item, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactValue(item, key)]))
}

function isSecretName(name: string): boolean {
  const assignment = `"${name}": "x"`
  return redact(assignment) !== assignment
}
