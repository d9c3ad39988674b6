import { expect, it } from 'vitest'
import { changeCalendars } from '../../src/adapters/aws/change-calendars.ts'
import { awsClients } from '../../src/adapters/aws/clients.ts'
import { bastion, scripted, simulated } from './aws-place.ts'

const at = simulated()
const state = (calendar: string, endpoint = at().aws.url) =>
  changeCalendars(awsClients({ endpoint })).state(calendar, bastion, AbortSignal.timeout(30_000))

it('is open or closed as SSM says, and tells when that changes', async () => {
  at().world.update(({ calendars }) => {
    calendars.windows = { state: 'CLOSED', next: '2026-11-28T06:00:00Z' }
    calendars.always = { state: 'OPEN' }
  })
  await expect(state('windows')).resolves.toEqual({ isOpen: false, changesAt: Date.UTC(2026, 10, 28, 6) })
  await expect(state('always')).resolves.toEqual({ isOpen: true })
})

it('is asked for in the Region that its ARN names', async () => {
  at().world.update(({ calendars }) => {
    calendars.windows = { state: 'OPEN' }
  })
  await state('arn:aws:ssm:eu-central-1:123456789012:document/windows')
  expect(at().aws.calls.at(-1)).toMatchObject({ operation: 'GetCalendarState', region: 'eu-central-1' })
})

it.each([
  ['a calendar that is not there', {}, 'InvalidDocument'],
  ['no access', { errorType: 'AccessDeniedException' }, 'AccessDenied'],
] as const)('is not known where there is %s', async (_, fault, detail) => {
  if ('errorType' in fault) at().aws.fault({ operation: 'GetCalendarState', times: 9, ...fault })
  await expect(state('gone')).resolves.toMatchObject({
    refused: { code: 'aws', service: 'Systems Manager', detail: expect.stringContaining(detail) },
  })
})

it.each([[{}], [{ State: 'AJAR' }], [{ State: 'open' }]])('is not known by an answer such as %j', async (answer) => {
  const place = await scripted([{ body: JSON.stringify(answer) }])
  await expect(state('windows', place.endpoint)).resolves.toMatchObject({ refused: { code: 'aws', problem: 'failed' } })
  await place.close()
})
