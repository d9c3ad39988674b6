/** An expected "no": becomes {"error_code":1,"data":text}. */
export class Failure extends Error {}

/** {ok, text, exit}: what a command prints, and the exit status that goes with it in single command mode. */
export function success(session, data) {
  return { ok: true, text: render(session, { error_code: 0, data }), exit: 0 }
}

export function failure(session, text) {
  return { ok: false, text: render(session, { error_code: 1, data: text }), exit: session.dialect.cliFailureExit }
}

function render(session, answer) {
  return `${JSON.stringify(answer, null, session.dialect.cliJson === 'pretty' ? 2 : 0)}\n`
}
