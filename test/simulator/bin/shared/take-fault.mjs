/** The misbehaviour planned for this command (its words before the options), counted as used; undefined for none. */
export function takeFault(state, { command, line }) {
  if (state.read().toolFaults.length === 0) return undefined
  return state.transaction(({ toolFaults }, record) => {
    for (const [index, fault] of toolFaults.entries()) {
      if (command !== fault.command) continue
      if (fault.match !== undefined && !line.includes(fault.match)) continue
      const seen = (fault.seen ?? 0) + 1
      const skip = fault.skip ?? 0
      if (seen > skip + (fault.times ?? 1)) continue
      record({ kind: 'fault', index, seen })
      if (seen > skip) return fault
    }
    return undefined
  })
}
