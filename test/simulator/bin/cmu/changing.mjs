import { self } from '../shared/process.mjs'
import { recordViolation } from '../shared/recording.mjs'

const banner = [
  '*************************CAUTION********************************',
  'This is a CRITICAL operation, should be done on all nodes in the',
  'cluster. AWS does NOT synchronize these changes automatically with the ',
  'nodes on which this operation is not executed or failed, please ',
  'ensure this operation is executed on all nodes in the cluster.  ',
  '****************************************************************',
]

// A sync never changes users otherwise: each of these is a violation by itself, and is never carried out.
function refuse(command) {
  return (session) => {
    recordViolation('cloudhsm_mgmt_util', `${command} was sent`)
    session.print(...banner, '')
    for (;;) {
      const answer = session.terminal.ask('Do you want to continue(y/n)?')
      if (answer === undefined) self().exit(session.dialect.exitCode)
      session.log(answer)
      if (answer === 'n') return
      if (answer === 'y') return session.print(`${command} failed: RET_MXN_AUTH_FAILED`)
      session.print("Invalid option, please type 'y' or 'n'")
    }
  }
}

export const changingCommands = {
  createUser: refuse('createUser'),
  deleteUser: refuse('deleteUser'),
  changePswd: refuse('changePswd'),
  shareKey: refuse('shareKey'),
  setAttribute: refuse('setAttribute'),
}
