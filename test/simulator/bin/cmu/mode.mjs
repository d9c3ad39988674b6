export const modeCommands = {
  server(session, [number]) {
    const server = session.servers.find((candidate) => String(candidate.number) === number)
    if (server === undefined) return session.print(`Invalid server id: ${number ?? ''}`)
    session.mode = server.number
    session.print("Server is in 'E2' mode...")
  },
  exit(session) {
    session.mode = undefined
  },
}
