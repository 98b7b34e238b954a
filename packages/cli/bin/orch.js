#!/usr/bin/env node
const { enableCompileCache } = require('node:module')
const { join } = require('node:path')

const verb = process.argv.slice(2).find((word) => /^[a-z]{2,20}$/.test(word))

if (enableCompileCache) enableCompileCache()
else require('./compile-cache.js').enableCompileCache(join(__dirname, '../bundle'), verb)

const { main, processIo } = require('../bundle/main.cjs')

main(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code
})
