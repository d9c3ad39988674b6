import { PLATFORMS } from '../../../src/domain/platform.ts'
import type { Stage } from '../stage.ts'

/** An instance is sent nothing that is written for another platform, nor anything while the settings call it one. */
export function judgePlatforms({ windows: { platform }, ssm }: Stage): string[] {
  return ssm.commands.flatMap(({ commandId, platform: sent, writtenFor, type }) =>
    sent === platform && sent === writtenFor && PLATFORMS[sent].type === type
      ? []
      : [`${commandId} was written for ${writtenFor} and sent as ${sent} to an instance that runs ${type}`],
  )
}
