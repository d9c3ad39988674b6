// The documents, the logs and the sibling products do not agree on what CMU prints. Each disagreement is a dimension
// here; the seed chooses one value of each, so that no run of the tests knows only one dialect.

/** Dimension by dimension, the values seen or to be expected. */
export const dialectDimensions = Object.freeze({
  // The documents print the prompt with and without a trailing space.
  prompt: ['aws-cloudhsm>', 'aws-cloudhsm> '],
  // `server` page, `syncUser` page, introduction, `syncKey` page.
  serverPrompt: ['server0>', 'server 0>', 'server>', 'aws-cloudhsm>'],
  // Piped input is not echoed by the real tool as far as logs show; a terminal in between would.
  echo: [false, true],
  // Real logs begin with "Ignoring E2E enable flag…"; the document's sample does not.
  ignoringE2ELine: [true, false],
  connectOrder: ['each', 'connect-then-e2e', 'connecting-first'],
  userTable: ['narrow', 'wide', 'old'],
  adminType: ['PCO', 'CO'],
  // `(o,s)` for a key its owner has shared.
  combinedMarks: [false, true],
  // In server mode siblings drop " on server N(ip)".
  serverModeSuffix: [false, true],
  loginFailureSuffix: [false, true],
  // An error may quote the line that caused it, password included.
  quotesFailedLogin: [false, true],
  maskLines: [true, false],
  failureText: ['mask-code', 'hsm-error'],
  findAllKeysFileOutput: ['everything', 'summary'],
  blankLines: [true, false],
  // Nobody relies on the exit code, so it must mean nothing.
  exitCode: [0, 1],
  // From here on CloudHSM CLI. `configure-cli` was seen to write "hsm1" for an hsm2m cluster.
  cliConfigType: ['hsm2m', 'hsm1'],
  cliConfigLayout: ['pretty', 'compact'],
  // What the interactive mode does on a pipe is not documented: see `cli/interactive.mjs`.
  cliInteractive: ['prompts', 'silent', 'terminal'],
  cliJson: ['pretty', 'compact'],
  // The exit status that goes with error_code 1.
  cliFailureExit: [1, 0],
  // `quorum` is missing in older versions.
  cliQuorumField: [true, false],
  // Whether a file with one cluster that has an id takes options is not documented; a world may say false.
  cliTakesOptions: [true],
  // Which keys an administrator lists is not documented; a world may say 'none'.
  cliAdminSees: ['all'],
  // A version may colour its prompts; one whose log file cannot be written logs to standard error
  // (aws-cloudhsm-cloudformation-template#16). A world may say true.
  cliColours: [false],
  cliLogs: [false],
})

/** One value for each dimension; the same seed always chooses the same. */
export function dialectOf(seed, overrides = {}) {
  const chosen = {}
  for (const [name, values] of Object.entries(dialectDimensions)) {
    chosen[name] = values[hash(`${seed}:${name}`) % values.length]
  }
  return { ...chosen, ...overrides }
}

function hash(text) {
  let value = 2166136261
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 16777619) >>> 0
  }
  // FNV's low bits follow the last characters; mixing makes neighbouring seeds differ.
  return (value ^ (value >>> 13) ^ (value >>> 7)) >>> 0
}
