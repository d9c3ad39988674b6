import { defaultConfigPath } from '../shared/client-sdk5.mjs'
import { self } from '../shared/process.mjs'
import { recordViolation } from '../shared/recording.mjs'
import { takeFault } from '../shared/take-fault.mjs'

/**
 * What `perform` answers, or what a planned misbehaviour makes of it: {text} or {error}, with an exit status or none.
 */
export function withFault(state, { words, perform }) {
  self().sleep(state.read().latencyMs['configure-cli'] ?? 0)
  const fault = takeFault(state, { command: 'configure-cli', line: words.join(' ') })
  if (fault === undefined) return perform()
  const play = plays[fault.do]
  if (play !== undefined) return play(fault, perform)
  recordViolation('configure-cli', `the fault ${fault.do} is not one of this tool`)
  return perform()
}

const plays = {
  fail: (fault) => ({ error: fault.text ?? 'DescribeClusters call failed with error: CommonApiError(Timeout)' }),
  lie: () => ({ text: `Updating server config in ${defaultConfigPath()}\n` }),
  'silent-noop': () => ({}),
  exit: (_fault, perform) => ({ ...perform(), exit: 3 }),
  delay(fault, perform) {
    self().sleep(fault.ms ?? 1000)
    return perform()
  },
  hang(fault, perform) {
    if (fault.after) perform()
    self().hang()
  },
  kill(fault, perform) {
    if (fault.after) perform()
    self().die()
  },
  cut(_fault, perform) {
    const { text = '' } = perform()
    self().write(text.slice(0, Math.floor(text.length / 2)))
    self().exit(0)
  },
}
