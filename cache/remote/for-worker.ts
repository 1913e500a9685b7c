import type { Settings, Variables } from "./settings.ts"

// How a worker process comes to see the stores as its command does. It is given what it reads the shared store by, and signs nothing:
// of the key it knows no more than that there is one.

const NAMES = [
  "PIPELINE_REMOTE",
  "PIPELINE_NAMESPACE",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_REGION",
  "AWS_ENDPOINT_URL_S3",
  "AWS_ENDPOINT_URL"
] as const

/** One variable holds them all, and is taken away at once: what stages start would inherit them, and stages may declare some for themselves. */
const GIVEN = "PIPELINE_REMOTE_GIVEN"

/** What a worker process is given. */
export interface Given {
  readonly variables: Variables
  /** Whether what it computes is to be uploaded by its command. */
  readonly notes: boolean
  /** Whether the shared store does not answer, so that it does not wait for it as its command did. */
  readonly isDown: boolean
}

/** What a worker process has in its environment when it starts. */
export const forWorker = (
  env: Variables,
  { address, terms }: Settings,
  isDown: boolean
): Readonly<Record<string, string>> => {
  const given: Given = {
    variables: {
      ...Object.fromEntries(NAMES.map((name) => [name, env[name]])),
      // it is elsewhere than where the command was given
      ...(address._tag === "Folder" ? { PIPELINE_REMOTE: address.folder } : {})
    },
    notes: terms.writer !== null,
    isDown
  }
  return { [GIVEN]: JSON.stringify(given) }
}

/** Takes what the command gave out of the environment; null where it gave nothing. */
export const take = (env: Record<string, string | undefined>): Given | null => {
  const text = env[GIVEN]
  delete env[GIVEN]
  // the command wrote it, and nobody else
  return text === undefined ? null : (JSON.parse(text) as Given)
}
