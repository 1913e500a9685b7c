#!/usr/bin/env node
// The command of this package: it sets up what npm alone cannot. npm runs it after an installation.
import { provisionTensorflow } from "../provision/tensorflow.mjs"

const [command, ...more] = process.argv.slice(2)
if (command === "provision" && more.length === 0) await provisionTensorflow()
else {
  console.error(
    `error: headrace-images was given "${process.argv.slice(2).join(" ")}"; expected its one command. Run npx headrace-images provision, which sets up native TensorFlow.`
  )
  process.exit(2)
}
