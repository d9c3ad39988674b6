export async function seekPlanted(): Promise<number> {
  return 1
}
