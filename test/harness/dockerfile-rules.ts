import { type BuildStage, execForm, type Instruction, readDockerfile } from './dockerfile.ts'

/** Answers what is wrong with an instruction, or nothing. */
type Rule = (instruction: Instruction) => string | undefined

const SECRET = /token|secret|password|passwd|credential|api_?key|private_?key/i

// By hand, after hadolint's rules of the same numbers: of its ports to npm none is kept up.
const RULES: readonly Rule[] = [
  ({ word, rest }) => (word === 'WORKDIR' && !rest.startsWith('/') ? 'DL3000: WORKDIR is not absolute' : undefined),
  ({ word }) => (word === 'ADD' ? 'DL3020: ADD fetches and unpacks: COPY does not' : undefined),
  ({ word, rest }) => (word === 'RUN' && /\bsudo\b/.test(rest) ? 'DL3004: sudo' : undefined),
  ({ word, rest }) => (word === 'RUN' && /\bcd\s+\//.test(rest) ? 'DL3003: cd instead of WORKDIR' : undefined),
  ({ word, rest }) =>
    word === 'RUN' && /\bnpm (install|i)\b/.test(rest)
      ? 'DL3016: npm install, which may differ from the lock'
      : undefined,
  ({ word, rest }) => (word === 'RUN' && /\b(curl|wget)\b/.test(rest) ? 'fetched past the lock file' : undefined),
  ({ word, rest }) =>
    ['CMD', 'ENTRYPOINT'].includes(word) && !execForm(rest)
      ? `DL3025: ${word} in shell form gets no signals`
      : undefined,
  ({ word, rest }) =>
    word === 'HEALTHCHECK' && !execForm(rest.replace(/^CMD\s+/, '')) ? 'HEALTHCHECK in shell form' : undefined,
  ({ word, rest }) => (['ENV', 'ARG'].includes(word) && SECRET.test(rest) ? `a secret in ${word}` : undefined),
  ({ word, flags, rest }) =>
    word === 'COPY' && !flags.has('from') && /(^|\s)\.\/?\s/.test(rest) ? 'the whole folder is copied' : undefined,
]

/** What is wrong with a Dockerfile, in words; nothing where it is well. */
export function flawsOf(text: string): readonly string[] {
  const stages = readDockerfile(text)
  const last = stages.at(-1)
  const names = stages.map(({ name }) => name)
  const found = stages
    .flatMap(({ instructions }) => instructions)
    .flatMap((instruction) => RULES.flatMap((rule) => rule(instruction) ?? []))
  const bases = stages.filter(({ base }) => !names.includes(base)).map(({ base }) => base)
  return [...found, ...bases.flatMap(baseFlaw), ...lastFlaws(last)]
}

function baseFlaw(base: string): string[] {
  const tag = /:([\w.-]+)(@sha256:[0-9a-f]{64})?$/.exec(base)?.[1]
  if (tag === undefined) return [`DL3006: ${base} has no tag`]
  return tag === 'latest' ? [`DL3007: ${base} is whatever is newest`] : []
}

function lastFlaws(last: BuildStage | undefined): string[] {
  const all = (word: string) => (last?.instructions ?? []).filter((instruction) => instruction.word === word)
  const user = all('USER').at(-1)?.rest
  return [
    ...(user === undefined || /^(root|0)(:|$)/.test(user) ? ['DL3002: the last user is root'] : []),
    ...(all('HEALTHCHECK').length === 1 ? [] : ['DL3012: not exactly one HEALTHCHECK']),
    ...(all('ENTRYPOINT').length === 1 ? [] : ['DL4004: not exactly one ENTRYPOINT']),
  ]
}
