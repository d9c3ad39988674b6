import { play } from './player.ts'

// The picture in the README: `npx tsx test/workspace/picture.ts <file.png>`, after `npm run test:workspace` once. A run
// in the middle, as the second approver sees it.

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Name the file: npx tsx test/workspace/picture.ts .github/workspace.png')
const player = await play()
player.place.stage.simulator.world.update(({ latencyMs }) => Object.assign(latencyMs, { 'key replicate': 1_500 }))
await player.types('/hsm-sync prod-us prod-eu new starters of October')
await player.sees('Waiting for approval')
await player.approve('anna', 'ben')
const thread = await player.opensThread()
await thread.getByText('Copying 4 keys').first().waitFor()
await player.page.setViewportSize({ width: 1500, height: 940 })
await thread.getByText('List again').first().scrollIntoViewIfNeeded()
await player.page.waitForTimeout(500)
await player.page.screenshot({ path: file })
await player.leaves()
process.exit()
