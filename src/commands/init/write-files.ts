import { existsSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'

const FILES = ['config.yml', '.env.example'] as const

export type Texts = Readonly<Record<(typeof FILES)[number], string>>

/** Which of the files stand in the folder already. */
export function existingFiles(folder: string): string[] {
  return FILES.map((name) => join(folder, name)).filter((path) => existsSync(path))
}

/**
 * Writes all of them or none: each is made where there was none, and goes again when another cannot be made. Throws
 * what the system says.
 */
export async function writeFiles(folder: string, texts: Texts): Promise<string[]> {
  const made: string[] = []
  try {
    for (const name of FILES) {
      const path = join(folder, name)
      const file = await open(path, 'wx')
      made.push(path)
      await file.writeFile(texts[name]).finally(() => file.close())
    }
    return made
  } catch (error) {
    for (const path of made) await rm(path, { force: true })
    throw error
  }
}
