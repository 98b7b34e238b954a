#!/usr/bin/env node
const { enableCompileCache } = require('node:module')

enableCompileCache?.()

const { main, processIo } = require('../bundle/main.cjs')

main(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code
})
