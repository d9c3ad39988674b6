import { type Refusal, refuse } from '../domain/refusal.ts'

/** What Slack answers, or a refusal when it does not: who cannot be looked up may not (fail closed). */
export async function askWorkspace<Answer>(look: () => Promise<Answer>): Promise<Answer | Refusal> {
  try {
    return await look()
  } catch (error) {
    return refuse({ code: 'identity-unknown', problem: error instanceof Error ? error.message : String(error) })
  }
}
