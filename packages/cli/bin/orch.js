#!/usr/bin/env node
import module from 'node:module'

module.enableCompileCache?.()

const { main, processIo } = await import('../bundle/main.js')
process.exitCode = await main(process.argv.slice(2), processIo())
