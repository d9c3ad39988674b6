/**
 * The failures of `user replicate` and `key replicate` that the user guide explains (troubleshooting of both commands; facts, section 3.6), as regular
 * expressions that bash and JavaScript read alike.
 */
export const DOCUMENTED = {
  failedOn: 'failed on ([0-9]+) of ([0-9]+) connections',
  keyTorn: 'not synchronized throughout the cluster',
  userTorn: 'inconsistent across the cluster',
} as const
