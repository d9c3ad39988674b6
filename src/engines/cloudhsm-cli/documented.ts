/**
 * The failures of `user replicate` and `key replicate` that the user guide explains (troubleshooting of both commands),
 * as regular expressions that bash and JavaScript read alike.
 */
export const DOCUMENTED = {
  failedOn: '(User|Key) replicate failed on ([0-9]+) of ([0-9]+) connections',
  keyTorn: 'The selected key is not synchronized throughout the cluster',
  keySingle: 'Key [^ ]+ does not meet the availability requirements',
  userTorn: 'Specified user is inconsistent across the cluster',
} as const

/** Does a failure's text begin with this one? Not just hold it: a text may quote a label. */
export function begins(said: string, documented: string): RegExpExecArray | null {
  return new RegExp(`^${documented}`).exec(said)
}
