import { CloudHSMV2Client } from '@aws-sdk/client-cloudhsm-v2'
import { SSMClient } from '@aws-sdk/client-ssm'
import { NodeHttpHandler } from '@aws-sdk/node-http-handler'
import { direct, type Network } from '../network.ts'

const CONNECT_MS = 5_000
const ANSWER_MS = 15_000

export interface AwsSettings {
  /** Replaces every AWS endpoint; the CloudHSM client does not read AWS_ENDPOINT_URL by itself. */
  readonly endpoint: string | undefined
}

/** One client per Region and service, made when first needed. */
export interface AwsClients {
  hsm(region: string): CloudHSMV2Client
  /** For calls that only read: the SDK may repeat them. */
  ssm(region: string): SSMClient
  /**
   * For SendCommand, which has no idempotency token: one attempt, ever. On a connection of its own: an idle one may be
   * closed in the moment it is used again, and then nobody knows whether the command was taken.
   */
  ssmOnce(region: string): SSMClient
}

export function awsClients({ endpoint }: AwsSettings, { agents }: Pick<Network, 'agents'> = direct): AwsClients {
  const common = endpoint === undefined ? {} : { endpoint }
  const limits = { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS }
  const requestHandler = { ...limits, ...agents({ keepAlive: true }) }
  const fresh = {
    ...limits,
    httpAgent: { keepAlive: false },
    httpsAgent: { keepAlive: false },
    ...agents({ keepAlive: false }),
  }
  return {
    // This client is of before handlers could be described: it takes one that is made.
    hsm: once(
      (region) =>
        new CloudHSMV2Client({
          ...common,
          requestHandler: new NodeHttpHandler(agents({ keepAlive: true })),
          region,
          maxAttempts: 3,
        }),
    ),
    ssm: once((region) => new SSMClient({ ...common, requestHandler, region, maxAttempts: 3 })),
    ssmOnce: once((region) => new SSMClient({ ...common, requestHandler: fresh, region, maxAttempts: 1 })),
  }
}

function once<Client>(make: (region: string) => Client): (region: string) => Client {
  const made = new Map<string, Client>()
  return (region) => {
    const client = made.get(region) ?? make(region)
    made.set(region, client)
    return client
  }
}
