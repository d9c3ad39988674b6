/**
 * Everything that the bastion script says of an operation (`stopped-…`, `done`), of itself (`refused-…`: nothing was
 * begun), or when it is asked for one (the rest). A test finds each in the scripts, and each of theirs here.
 */
export const RESULTS = [
  'done',
  // The dialogue ended before its end.
  'stopped-failed',
  'stopped-gone',
  'stopped-killed',
  'stopped-login',
  'stopped-need',
  'stopped-question',
  'stopped-risk',
  'stopped-silent',
  'stopped-state',
  'stopped-time',
  // Nothing was begun.
  'refused-already-started',
  'refused-busy',
  'refused-config-digest',
  'refused-config-missing',
  'refused-config-too-large',
  'refused-config-unreadable',
  'refused-configure',
  'refused-configured-clusters',
  'refused-configured-hosts',
  'refused-credentials',
  'refused-input',
  'refused-late',
  'refused-namespace',
  'refused-state',
  'refused-tool-missing',
  'refused-version',
  'refused-workdir',
  // Answers to a fetch.
  'not-started',
  'recorded',
  'running',
  'sealed',
] as const

export type Result = (typeof RESULTS)[number]

export function parseResult(text: string | undefined): Result | undefined {
  return RESULTS.find((word) => word === text)
}
