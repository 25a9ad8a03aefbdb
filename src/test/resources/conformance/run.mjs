// Runs the public caching conformance suite (npm package http-cache-tests) through a cache.
//
//   node run.mjs PACKAGE_FOLDER forward|reverse
//
// Starts the suite's own origin on a free port of loopback and says so: one line `origin URL`. Then
// waits for one line with the cache's URL, runs every test through it (or those of CONFORMANCE_ONLY),
// and writes a line for each, separated by tabs: id, kind, verdict and why; then `end`. Ends when its
// input ends, so that it never outlives who started it.

import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import readline from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [packageFolder, mode] = process.argv.slice(2)
const out = process.stdout
console.log = (...words) => console.error(...words) // standard output is ours alone

const inPackage = (file) => import(pathToFileURL(path.join(packageFolder, file)).href)

/** The suite's origin, kept on loopback: by itself it would listen to the whole network. */
async function startOrigin () {
  const listening = new Promise((resolve) => {
    const listen = net.Server.prototype.listen
    net.Server.prototype.listen = function () {
      net.Server.prototype.listen = listen
      return listen.call(this, 0, '127.0.0.1', () => resolve(this.address().port))
    }
  })
  process.env.npm_config_protocol = 'http'
  process.env.npm_config_port = '0'
  process.env.npm_config_pidfile = process.platform === 'win32' ? 'NUL' : '/dev/null'
  await inPackage('server/server.mjs')
  return `http://127.0.0.1:${await listening}`
}

/** Sends every request to the proxy, its target in absolute form. */
class ProxyAgent extends http.Agent {
  constructor (proxy) {
    super({ keepAlive: true })
    this.proxy = new URL(proxy)
  }

  addRequest (request, options) {
    request.path = `http://${options.host}:${options.port}${request.path}`
    super.addRequest(request, { ...options, host: this.proxy.hostname, port: Number(this.proxy.port) })
  }
}

/** The suite's own way of telling what a result is worth, in one word. */
function verdict (id, suites, display, results, withDependencies) {
  const symbol = display.determineTestResult(suites, id, results, withDependencies)[2]
  return {
    '✅': 'pass',
    Y: 'pass',
    N: 'fail',
    '⛔️': 'fail',
    '⚠️': 'fail',
    '⚪️': 'dependency',
    '🔹': 'setup',
    '↻': 'retry'
  }[symbol] ?? 'harness'
}

async function run (origin, cache) {
  const suites = [...(await inPackage('tests/index.mjs')).default]
  const only = process.env.CONFORMANCE_ONLY?.split(',')
  if (only) {
    for (const suite of suites) suite.tests = suite.tests.filter((test) => only.includes(test.id))
  }
  const runner = await inPackage('client/runner.mjs')
  const display = await inPackage('lib/display.mjs')
  const nodeFetch = createRequire(path.resolve(packageFolder, 'package.json'))('node-fetch')
  const agent = mode === 'forward' ? new ProxyAgent(cache) : new http.Agent({ keepAlive: true })
  const fetch = (url, init) => nodeFetch(url, { ...init, agent, timeout: 20000 })
  await runner.runTests(suites, fetch, false, mode === 'forward' ? origin : cache)
  const results = runner.getResults()
  for (const test of suites.flatMap((suite) => suite.tests)) {
    const result = results[test.id]
    if (result === undefined) continue // for browsers only
    const why = result === true ? '' : result.join(': ').replaceAll(/\s+/g, ' ')
    const word = verdict(test.id, suites, display, results, only === undefined)
    out.write([test.id, test.kind ?? 'required', word, why].join('\t') + '\n')
  }
  out.write('end\n')
}

const origin = await startOrigin()
out.write(`origin ${origin}\n`)
for await (const line of readline.createInterface({ input: process.stdin })) {
  await run(origin, line.trim())
}
process.exit(0)
