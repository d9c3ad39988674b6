import { UsageError } from '../shared/clap.mjs'
import { self } from '../shared/process.mjs'
import { configure } from './changes.mjs'
import { withFault } from './faults.mjs'

/** Carries out one command line and says what came of it. Answers the exit status. */
export function run(state, words) {
  try {
    const { error, text = '', exit } = withFault(state, { words, perform: () => configure(state.read(), words) })
    if (error === undefined) self().write(text)
    else self().complain(`Error: ${error}\n`)
    return exit ?? (error === undefined ? 0 : 1)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    self().complain(`${error.message}\n`)
    return 2
  }
}
