import type { Backup, HsmDirectory } from '../../../src/application/ports.ts'
import type { AwsProblem } from '../../../src/domain/aws-problem.ts'
import type { Cluster } from '../../../src/domain/cluster.ts'
import { asHsmId, type ClusterId } from '../../../src/domain/ids.ts'
import { type Refusal, refuse } from '../../../src/domain/refusal.ts'
import type { Random } from '../random.ts'
import type { Time } from '../time.ts'
import type { Weather } from '../weather.ts'
import type { Hsms, SimCluster } from './hsms.ts'

/** CloudHSM V2 as it describes the clusters of now. Every cluster but the first was made from a backup of the first. */
export class Directory implements HsmDirectory {
  readonly #time: Time
  readonly #random: Random
  readonly #weather: Weather
  readonly #hsms: Hsms

  constructor(time: Time, random: Random, weather: Weather, hsms: Hsms) {
    this.#time = time
    this.#random = random
    this.#weather = weather
    this.#hsms = hsms
  }

  async describe(clusterId: ClusterId, region: string): Promise<Cluster | Refusal> {
    await this.#time.sleep(this.#random.int(30, 250))
    const refusal = this.#refusal(region)
    if (refusal) return refusal
    const found = this.#hsms.cluster(clusterId)
    if (found?.region !== region) return refuse({ code: 'cluster-not-found', cluster: clusterId, region })
    return described(found, clusterId, this.#hsms.clusters[0])
  }

  async backup(backupId: string, region: string): Promise<Backup | undefined | Refusal> {
    await this.#time.sleep(this.#random.int(30, 250))
    const [source] = this.#hsms.clusters
    const refusal = this.#refusal(region)
    if (refusal || !source) return refusal
    return backupId === 'backup-of-source' ? { region, clusterId: source.clusterId } : undefined
  }

  #refusal(region: string): Refusal | undefined {
    const spell = this.#weather.spell('directory')
    if (spell !== undefined || this.#weather.happens('directory', 0.05)) {
      const problem: AwsProblem = spell === 'unreachable' || spell === 'failed' ? spell : 'throttled'
      return refuse({ code: 'aws', problem, service: 'CloudHSM', region, detail: 'as the weather is' })
    }
    return undefined
  }
}

function described(cluster: SimCluster, clusterId: ClusterId, source: SimCluster | undefined): Cluster {
  const { region, state, hsmType } = cluster
  return {
    clusterId,
    region,
    state,
    hsmType,
    ...(cluster === source ? {} : { sourceBackupId: 'backup-of-source' }),
    hsms: cluster.hsms
      .filter((hsm) => hsm.state !== 'GONE')
      .map((hsm) => ({ hsmId: asHsmId(hsm.hsmId), state: hsm.state, hsmType, eniIp: hsm.ip })),
  }
}
