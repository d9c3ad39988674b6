/**
 * Shapes of secrets that may never leave the bot, whoever wrote them. The known HSM password is cut out on the bastion
 * already.
 */
const SECRETS: readonly RegExp[] = [
  /\bxox[a-z]-[A-Za-z0-9-]{8,}/g,
  /\bxapp-[A-Za-z0-9-]{8,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  // A login as CMU takes it: the third word is the password, whatever follows.
  /(?<=\bloginHSM\s+(?:-\S+\s+)*(?:CO|CU|PRECO|PCO)\s+\S+\s+)\S+/gi,
  /(?<=\b(?:createUser|changePswd)\s+(?:CO|CU|PRECO|PCO)\s+\S+\s+)\S+/gi,
  // In JSON, in JSON inside a JSON string, and in single quotes.
  /(?<=(?:password|secret|pin)"?\s*[:=]\s*")(?:[^"\\]|\\.)+/gi,
  /(?<=(?:password|secret|pin)(?:\\+")?\s*[:=]\s*\\+")[^"\\]+/gi,
  /(?<=(?:password|secret|pin)'?\s*[:=]\s*')[^']+/gi,
  /(?<=CLOUDHSM_PIN=)\S+/g,
]

/** The text without anything that looks like a secret. Repeating it changes nothing. */
export function redact(text: string): string {
  return SECRETS.reduce((clean, shape) => clean.replace(shape, '[redacted]'), text)
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
