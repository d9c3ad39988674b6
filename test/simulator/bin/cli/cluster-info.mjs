import { success } from './answer.mjs'
import { clusterNamed, connect, hsmsOf } from './clusters.mjs'

// Works without a login.
export const hsmInfo = {
  options: { '--cluster-id': { value: 'CLUSTER_ID' } },
  prepare: (session, options) => connect(session, clusterNamed(session, options['--cluster-id'])),
  act(session, { prepared: cluster }) {
    const hsms = hsmsOf(session.state.read(), cluster).map((hsm) => ({
      vendor: 'Marvell Semiconductors, Inc.',
      model: hsm.hsmType.startsWith('hsm2m') ? 'LS2-NFBE' : 'NITROX-III CNN35XX-NFBE',
      'serial-number': `5.3G1941-${hsm.hsmId}`,
      'fips-state': '2 [FIPS mode with single factor authentication]',
    }))
    return success(session, { hsms })
  },
}
