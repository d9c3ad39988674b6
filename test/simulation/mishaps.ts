import type { Random } from './random.ts'
import { addFirstUsers, newHsm } from './scenario.ts'
import { isCard } from './slack/cards.ts'
import { GROUPED } from './slack/people.ts'
import { baseConfigOf, type Stage } from './stage.ts'
import { MINUTE, SECOND, START } from './time.ts'
import { DISK_FAULTS } from './weather.ts'
import type { SimCluster } from './world/hsms.ts'

/** Plans what happens to the world by itself, by seed. */
export function planMishaps(stage: Stage): void {
  const { time, weather } = stage
  const random = stage.random('mishaps')
  const marks = stage.random('marks')
  const losesMarks = weather.faults.size > 0 && marks.chance(0.15)
  const at = (moments: readonly number[], happen: () => void) => {
    for (const moment of moments) time.at(moment, happen)
  }
  at(weather.moments('reboot', 2, 0.5), () => {
    const ms = Math.min(random.int(5 * SECOND, 4 * MINUTE), Math.max(1, weather.clearFrom - time.now))
    stage.tell('bastion', `goes down for ${Math.round(ms / 1000)} s`)
    stage.ssm.reboot(ms)
  })
  at(weather.moments('clusters', 4, 0.7), () => changeClusters(stage, random))
  stage.whenWriting = () => {
    // What the disk does not take any more, a bastion that reboots right after cannot tell either.
    if (weather.happens('disk', 0.9)) {
      const inMs = random.chance(0.5) ? random.int(200, 2_500) : random.int(2_500, 10_000)
      stage.tell('bastion', 'its disk fails soon')
      weather.strike('disk', random.pick(['no-inodes', ...DISK_FAULTS]), {
        inMs,
        forMs: random.int(20, 240) * SECOND,
      })
      if (random.chance(0.7)) time.after(inMs + random.int(300, 6_000), () => stage.ssm.reboot(20 * SECOND))
    }
    // Without inodes a transcript goes on where a mark cannot be stored: by a die of its own, as it is seldom met.
    if (losesMarks && !weather.isClear() && marks.chance(0.6)) {
      const inMs = marks.int(300, 4_000)
      weather.strike('disk', 'no-inodes', { inMs, forMs: marks.int(20, 120) * SECOND })
      if (marks.chance(0.8)) time.after(inMs + marks.int(300, 6_000), () => stage.ssm.reboot(20 * SECOND))
    }
    if (!weather.happens('clusters', 0.3)) return
    const clones = stage.hsms.clusters.slice(1)
    time.after(random.int(1, 8) * SECOND, () => joinSoon(stage, random.pick(clones), random))
  }
  const changeSecret = () => {
    stage.secrets.change()
    stage.tell('operator', 'changes the secret')
  }
  at(weather.moments('secret', 1), changeSecret)
  // Early, where a watch looks: it must meet a login that fails while there is time for another look.
  const early = stage.random('early-secret')
  const isWatched = stage.landscape.routes.some(({ watch }) => watch)
  if (isWatched && weather.faults.size > 0 && early.chance(stage.landscape.routes.length > 1 ? 0.6 : 0.2))
    at([START + early.int(20, 200) * SECOND], changeSecret)
  at(weather.moments('hands', 2, 0.5), () => changeByHand(stage, random))
  at(weather.moments('workspace', 1), () => {
    const user = random.pick(GROUPED)
    if (random.chance(0.7)) stage.people.changeMembers(user)
    else stage.people.deactivate(user)
    stage.tell('Slack', `${user} joins or leaves`)
  })
  at(weather.moments('rows', 0.8), () => breakRow(stage, random))
  const lost = stage.random('lost logins')
  if (isWatched && weather.faults.size > 0 && lost.chance(0.3)) loseLogin(stage, lost)
  at(weather.moments('slack', 0.6), () => {
    const card = stage.channel.posted.findLast((posted) => isCard(posted) && !posted.isDeleted)
    // Nobody looks again at the card of what is over and shown: that it stays away then is no fault.
    if (!card || isShownToTheEnd(stage, card.mark?.request ?? '')) return
    stage.tell('somebody', `deletes the card of ${card.mark?.request}`)
    stage.channel.remove(card)
  })
}

function changeClusters(stage: Stage, random: Random): void {
  const cluster = random.pick(stage.hsms.clusters)
  const number = stage.hsms.clusters.indexOf(cluster)
  const what = random.weighted([
    ['modify', 3],
    ['join', 3],
    ['leave', 2],
    ['address', 2],
    ['base-config', 2],
  ] as const)
  stage.tell('AWS', `${cluster.alias}: ${what}`)
  const later = laterIn(stage, random)
  if (what === 'base-config') {
    stage.hsms.baseConfig = baseConfigOf(`changed at ${stage.time.now}`)
  } else if (what === 'modify') {
    cluster.state = 'MODIFY_IN_PROGRESS'
    later(() => {
      cluster.state = 'ACTIVE'
      stage.hsms.changed()
    })
  } else if (what === 'join') join(stage, cluster, { number, later })
  else if (what === 'leave' && cluster.hsms.filter(({ state }) => state === 'ACTIVE').length > 1) {
    const gone = cluster.hsms.findLast(({ state }) => state === 'ACTIVE')
    if (gone) gone.state = 'GONE'
  } else if (what === 'address') {
    const moved = cluster.hsms.find(({ state }) => state === 'ACTIVE')
    if (moved) moved.ip = moved.ip.replace(/\d+$/, `${random.int(20, 200)}`)
  }
  stage.hsms.changed()
}

/** What AWS does takes some minutes, and is over when faults are. */
function laterIn({ time, weather }: Stage, random: Random): (state: () => void) => void {
  return (state) => time.at(Math.min(time.now + random.int(20, 300) * SECOND, weather.clearFrom), state)
}

function joinSoon(stage: Stage, cluster: SimCluster, random: Random): void {
  stage.tell('AWS', `${cluster.alias}: join`)
  const later = laterIn(stage, random)
  join(stage, cluster, { number: stage.hsms.clusters.indexOf(cluster), later })
  stage.hsms.changed()
}

/**
 * A new HSM comes with the first users and the keys of the cluster, as from a backup; not with the other users of now.
 */
function join(
  stage: Stage,
  cluster: SimCluster,
  { number, later }: { readonly number: number; readonly later: (state: () => void) => void },
): void {
  if (cluster.hsms.length > 8) return
  const hsm = newHsm(number, cluster.hsms.length + 3)
  hsm.state = 'CREATE_IN_PROGRESS'
  cluster.hsms.push(hsm)
  addFirstUsers(stage.hsms, hsm)
  later(() => {
    hsm.state = 'ACTIVE'
    stage.hsms.changed()
  })
}

/** Administrators work on the HSMs too. */
function changeByHand(stage: Stage, random: Random): void {
  const { hsms } = stage
  const cluster = random.pick(hsms.clusters)
  const name = `hand_${random.int(1, 9)}`
  const where = cluster.hsms.filter(({ state }) => state === 'ACTIVE')
  stage.hsms.handWork.push(stage.time.now)
  if (random.chance(0.5)) {
    stage.tell('administrator', `makes ${name} on ${cluster.alias}`)
    for (const hsm of where)
      if (!hsms.userNamed(hsm, name))
        hsms.addUser(hsm, { name, type: 'CU', password: `${name}-Secret-1`, twoFactor: false })
    return
  }
  const gone = where
    .flatMap((hsm) => hsms.usersOf(hsm))
    .find(({ type, name: user }) => type === 'CU' && user !== 'admin')
  if (!gone) return
  stage.tell('administrator', `removes ${gone.name} and its keys from ${cluster.alias}`)
  for (const hsm of where) {
    const user = hsms.userNamed(hsm, gone.name)
    if (user) hsms.remove(user)
    // A user's keys go with the user.
    for (const key of hsms.keysOf(hsm)) if (key.owner === gone.name) hsms.remove(key)
  }
}

function isShownToTheEnd({ database }: Stage, id: string): boolean {
  // Its last message may stand there although that could not be stored.
  return (
    database.raw
      .prepare(
        `select 1 from requests where id = ? and is_open = 0 and (painted_version >= version
           or exists (select 1 from slots where request_id = requests.id and slot in ('result', 'end') and status = 'posted'))`,
      )
      .get(id) !== undefined
  )
}

/** A row that this version cannot read: a newer version wrote it, or something broke it. */
function breakRow(stage: Stage, random: Random): void {
  const ids = openIds(stage)
  if (ids.length > 0) breakRowOf(stage, random.pick(ids), random.chance(0.5))
}

/** Of a request in which a login has just failed, before that is stored: nobody will know of it. */
function loseLogin(stage: Stage, random: Random): void {
  const { deeds } = stage.hsms
  let seen = deeds.length
  const look = () => {
    if (stage.weather.isClear()) return
    const failed = deeds.slice(seen).find((deed) => deed.did === 'login' && !deed.ok)
    seen = deeds.length
    const id = failed?.operation?.split('.')[0] ?? ''
    if (openIds(stage).includes(id) && random.chance(0.7)) breakRowOf(stage, id, false)
    else stage.time.after(SECOND, look)
  }
  look()
}

function openIds({ database }: Stage): readonly string[] {
  const rows = database.raw.prepare('select id from requests where is_open = 1 order by id').all()
  return rows.map((row) => String(Object(row).id))
}

function breakRowOf(stage: Stage, id: string, isStep: boolean): void {
  const { raw, writes } = stage.database
  stage.tell('somebody', `breaks a row of ${id}: ${isStep ? 'a step' : 'the request'}`)
  stage.broken.add(id)
  if (isStep) raw.prepare('update steps set shape = 99 where request_id = ?').run(id)
  else raw.prepare('update requests set shape = 99 where id = ?').run(id)
  writes.count(['steps', 'requests'])
}
