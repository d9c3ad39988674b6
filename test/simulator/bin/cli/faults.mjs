import { self } from '../shared/process.mjs'
import { recordViolation } from '../shared/recording.mjs'
import { takeFault } from '../shared/take-fault.mjs'
import { Failure, failure } from './answer.mjs'

/**
 * The answer of one command, or what a planned misbehaviour makes of it. `act(fault)` does the command's work and
 * answers; it gets the faults that change what happens inside. `pretend()` answers as if it had.
 */
export function answerOf(session, { command, line, act, pretend }) {
  const attempt = (fault) => answerFrom(session, () => act(fault))
  const fault = takeFault(session.state, { command, line })
  if (fault === undefined) return attempt()
  const play = plays[fault.do]
  if (play !== undefined) return play({ session, fault, attempt, pretend: pretend ?? attempt })
  recordViolation('cloudhsm-cli', `the fault ${fault.do} is not one of this tool`)
  return attempt()
}

/** Turns a Failure into its answer. */
export function answerFrom(session, work) {
  try {
    return work()
  } catch (error) {
    if (error instanceof Failure) return failure(session, error.message)
    throw error
  }
}

const inside = ({ fault, attempt }) => attempt(fault)

const plays = {
  'new-handle': inside,
  twice: inside,
  partial: inside,
  fail: ({ session, fault }) => failure(session, fault.text ?? 'Internal error: the HSM did not answer'),
  lie: ({ pretend }) => pretend(),
  'silent-noop': () => ({ ok: true, text: '', exit: 0 }),
  delay({ fault, attempt }) {
    self().sleep(fault.ms ?? 1000)
    return attempt()
  },
  'bad-json': ({ attempt }) => ({ ...attempt(), text: 'Error { kind: Decode, source: "trailing bytes"\n' }),
  // Only a single command has an exit status of its own.
  exit: ({ attempt }) => ({ ...attempt(), exit: 3 }),
  hang({ fault, attempt }) {
    if (fault.after) attempt()
    self().hang()
  },
  kill({ fault, attempt }) {
    if (fault.after) attempt()
    self().die()
  },
  cut({ session, attempt }) {
    const { text } = attempt()
    session.terminal.write(text.slice(0, Math.floor(text.length / 2)))
    self().exit(0)
  },
}
