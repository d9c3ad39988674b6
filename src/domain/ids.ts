import type { Brand } from './brand.ts'

export type RequestId = Brand<string, 'RequestId'>
/** `<request id>.<n>`: names one SSM command of a request, on the bastion and in the command's Comment. */
export type OperationId = Brand<string, 'OperationId'>
export type ClusterId = Brand<string, 'ClusterId'>
export type HsmId = Brand<string, 'HsmId'>
/** 64 lower-case hex digits: a SHA-256. */
export type Digest = Brand<string, 'Digest'>
/** Position of an HSM in the merged config's `servers`, from 0; CMU's own server id (user guide, `server` command). */
export type ServerNumber = Brand<number, 'ServerNumber'>

const REQUEST_ID = /^[0-9A-HJKMNP-TV-Z]{4,12}$/
// botocore, cloudhsmv2 ClusterId: cluster-[2-7a-zA-Z]{11,16}
const CLUSTER_ID = /^cluster-[2-7a-zA-Z]{11,16}$/
const DIGEST = /^[0-9a-f]{64}$/

/** Reads a request id as people type it (case and O/I/L do not matter); `undefined` if it cannot be one. */
export function parseRequestId(text: string): RequestId | undefined {
  const plain = text.trim().replace(/^#/, '').toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1')
  return REQUEST_ID.test(plain) ? (plain as RequestId) : undefined
}

export function parseClusterId(text: string): ClusterId | undefined {
  return CLUSTER_ID.test(text) ? (text as ClusterId) : undefined
}

export function parseDigest(text: string): Digest | undefined {
  return DIGEST.test(text) ? (text as Digest) : undefined
}

/** Has the form of a Region's name: `eu-west-1`, `us-gov-west-1`. */
export function isRegion(text: string): boolean {
  return /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(text)
}

/** Any non-empty id from AWS; HSM ids have no pattern that older HSMs keep to. */
export function asHsmId(text: string): HsmId {
  return text as HsmId
}

export function serverNumber(position: number): ServerNumber {
  if (!Number.isInteger(position) || position < 0) throw new RangeError(`not a server number: ${position}`)
  return position as ServerNumber
}

export function operationId(request: RequestId, step: number): OperationId {
  return `${request}.${step}` as OperationId
}
