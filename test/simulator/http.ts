import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** The whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)))
  return Buffer.concat(chunks)
}

/** Listens on the loopback interface, by default on a free port; a handler that throws is answered with 500 and reported. */
export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  report: (problem: string) => void,
  port = 0,
): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (request.aborted || response.destroyed) return
      report(
        `the simulator itself failed at ${request.url ?? ''}: ${error instanceof Error ? error.stack : String(error)}`,
      )
      response.statusCode = 500
      response.end()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port to listen on')
  return { server, origin: `http://127.0.0.1:${address.port}` }
}

/** Closes a server and every connection to it. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
