#!/usr/bin/env node
const { enableCompileCache } = require('node:module')
const { join } = require('node:path')

const verb = process.argv.slice(2).find((word) => /^[a-z]{2,20}$/.test(word))

const bundle = join(__dirname, '../bundle')
const load = enableCompileCache
  ? (name) => require(join(bundle, name))
  : require('./compile-cache.js').cachedLoader(bundle, verb)
enableCompileCache?.()

const { main, processIo } = load('main.cjs')

main(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code
})
