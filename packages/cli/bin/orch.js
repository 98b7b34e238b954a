#!/usr/bin/env node
const { enableCompileCache } = require('node:module')
const { join } = require('node:path')

if (enableCompileCache) enableCompileCache()
else require('./compile-cache.js').enableCompileCache(join(__dirname, '../bundle'))

const { main, processIo } = require('../bundle/main.cjs')

main(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code
})
