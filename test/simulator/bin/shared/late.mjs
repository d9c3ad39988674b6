// Built-in modules that few commands need: loading them costs a tool that starts by the thousand more than its work
// does.

/** SHA-256 of a text, in hexadecimal. */
export function sha256(text) {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex')
}

export function isTerminal() {
  return process.getBuiltinModule('node:tty').isatty(0)
}

/** Switches the terminal's echo `on` or `off`. */
export function switchEcho(to) {
  const words = [to === 'on' ? 'echo' : '-echo']
  process.getBuiltinModule('node:child_process').spawnSync('stty', words, { stdio: ['inherit', 'ignore', 'ignore'] })
}
