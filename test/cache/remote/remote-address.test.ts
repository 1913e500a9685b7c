import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { explain, sentence } from "../../../artifacts/Explained.ts"
import { type Environment, parse } from "../../../cache/remote/RemoteAddress.ts"

const KEYS: Environment = { AWS_ACCESS_KEY_ID: "reader", AWS_SECRET_ACCESS_KEY: "hush-hush" }
const of = (text: string, env: Environment = KEYS) => parse(text, env, "/home/ada/project")
const refused = (text: string, env: Environment = KEYS) =>
  Effect.map(Effect.flip(of(text, env)), (error) => String(sentence(explain(error))))

it.effect(
  "a bucket is named with its prefix, its endpoint and its region; the environment says what the address does not",
  () =>
    Effect.gen(function* () {
      expect(yield* of("s3://team/ml/vision?endpoint=https://storage.example.org:9000&region=eu-west-1")).toMatchObject(
        {
          _tag: "S3",
          bucket: "team",
          prefix: "ml/vision",
          region: "eu-west-1",
          shown: "s3://team/ml/vision?endpoint=https://storage.example.org:9000"
        }
      )
      expect(yield* of("s3://team/", { ...KEYS, AWS_REGION: "eu-north-1" })).toMatchObject({
        prefix: "",
        endpoint: new URL("https://s3.eu-north-1.amazonaws.com"),
        credentials: { accessKeyId: "reader", secretAccessKey: "hush-hush", sessionToken: null }
      })
      expect(yield* of("S3://team/a%20b/ü\n")).toMatchObject({ bucket: "team", prefix: "a b/ü" })
      expect(
        yield* of("s3://team", { ...KEYS, AWS_ENDPOINT_URL: "http://127.0.0.1:9000", AWS_REGION: "" })
      ).toMatchObject({
        endpoint: new URL("http://127.0.0.1:9000"),
        region: "us-east-1"
      })
    })
)

it.effect("anything without a scheme is a folder, from where the command is given", () =>
  Effect.gen(function* () {
    expect(yield* of("/mnt/team")).toEqual({ _tag: "Folder", folder: "/mnt/team", shown: "/mnt/team" })
    expect(yield* of("../team")).toMatchObject({ folder: "/home/ada/team" })
    expect(yield* of("file:///mnt/a%20team")).toMatchObject({ folder: "/mnt/a team" })
  })
)

it.effect("credentials do not cross a network in the open; on this machine they cross none", () =>
  Effect.gen(function* () {
    for (const host of ["storage.example.org", "10.0.0.7:9000", "127.0.0.1.example.org", "localhost.example.org"])
      expect(yield* refused(`s3://team?endpoint=http://${host}`)).toContain("is not encrypted")
    for (const host of ["localhost:9000", "127.0.0.1:9000", "127.8.8.8", "[::1]:9000"])
      expect(yield* of(`s3://team?endpoint=http://${host}`)).toMatchObject({ _tag: "S3" })
  })
)

it.effect("what cannot be meant is refused by name, with what to write instead, and no secret is told", () =>
  Effect.gen(function* () {
    const sentences = [
      yield* refused("s3://"),
      yield* refused("s3://team?endpiont=https://x.org"),
      yield* refused("s3://team?endpoint=storage.example.org"),
      yield* refused("s3://team?endpoint=https://x.org/minio"),
      yield* refused("s3://reader:hush-hush@team"),
      yield* refused("s3://team?endpoint=https://reader:hush-hush@x.org"),
      yield* refused("s3://team/a/../b%2F..", KEYS),
      yield* refused("gs://team"),
      yield* refused("s3://team", {}),
      yield* refused("s3://team", { ...KEYS, AWS_SECRET_ACCESS_KEY: "" }),
      yield* refused("s3:/team"),
      yield* refused("s3://reader:hush-hush@"),
      yield* refused("s3://team?endpoint=reader:hush-hush@storage.example.org"),
      yield* refused("s3://storage.example.org:9000/team"),
      yield* refused("s3://.."),
      yield* refused("s3://team/%zz"),
      yield* refused("s3://team#vision"),
      yield* refused("s3://team?region=eu&region=us"),
      yield* refused("s3://team?region=../x"),
      yield* refused("file:///mnt/%zz"),
      yield* refused("file://server/team"),
      yield* refused("file://%zz"),
      yield* refused("s3://team", { ...KEYS, AWS_SECRET_ACCESS_KEY: "hush-hush\n" }),
      yield* refused("s3://team", { ...KEYS, AWS_SESSION_TOKEN: "hush-hush\nhush-hush" })
    ]
    for (const sentence of sentences) expect(sentence).not.toContain("hush-hush")
    expect(sentences.map((sentence) => sentence.slice(0, sentence.indexOf("; expected")))).toEqual([
      'PIPELINE_REMOTE "s3://" names no bucket',
      'PIPELINE_REMOTE has "endpiont" after the question mark',
      'The endpoint "storage.example.org" of PIPELINE_REMOTE is no web address',
      "The endpoint https://x.org/minio of PIPELINE_REMOTE has a path",
      "PIPELINE_REMOTE has a name or a password in it",
      "The endpoint of PIPELINE_REMOTE has a name or a password in it",
      'The prefix of PIPELINE_REMOTE has "b/.."',
      "PIPELINE_REMOTE begins with gs://, which is no kind of store",
      "PIPELINE_REMOTE names an S3 bucket, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
      "PIPELINE_REMOTE names an S3 bucket, and AWS_SECRET_ACCESS_KEY is not set",
      'PIPELINE_REMOTE "s3:/team" names no bucket',
      'PIPELINE_REMOTE "s3://***@" names no bucket',
      'The endpoint "***@storage.example.org" of PIPELINE_REMOTE is no web address',
      'PIPELINE_REMOTE names the bucket "storage.example.org:9000"',
      'PIPELINE_REMOTE names the bucket ".."',
      "PIPELINE_REMOTE has a % that stands for no character",
      "PIPELINE_REMOTE has a # in it",
      'PIPELINE_REMOTE has "region" twice',
      'The region "../x" is none',
      "PIPELINE_REMOTE has a % that stands for no character",
      'PIPELINE_REMOTE "file://server/team" names a folder of another machine',
      'PIPELINE_REMOTE "file://%zz" names a folder of another machine',
      "AWS_SECRET_ACCESS_KEY has a space, a line break or a letter in it that no key has",
      "AWS_SESSION_TOKEN has a space, a line break or a letter in it that no key has"
    ])
    expect(sentences[1]).toContain("Did you mean endpoint?")
  })
)
