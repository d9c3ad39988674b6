import { recordViolation } from '../shared/recording.mjs'
import { sleep } from '../shared/sleep.mjs'
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
    sleep(fault.ms ?? 1000)
    return attempt()
  },
  'bad-json': ({ attempt }) => ({ ...attempt(), text: 'Error { kind: Decode, source: "trailing bytes"\n' }),
  // Only a single command has an exit status of its own.
  exit: ({ attempt }) => ({ ...attempt(), exit: 3 }),
  hang({ fault, attempt }) {
    if (fault.after) attempt()
    for (;;) sleep(60_000)
  },
  kill({ fault, attempt }) {
    if (fault.after) attempt()
    process.kill(process.pid, 'SIGKILL')
    sleep(10_000)
  },
  cut({ session, attempt }) {
    const { text } = attempt()
    session.terminal.write(text.slice(0, Math.floor(text.length / 2)))
    process.exit(0)
  },
}
