import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import { Key } from "../../../cache/Key.ts"
import { generate, isSignedBy, PublicKey, writerFrom } from "../../../cache/remote/Signature.ts"
import { open, type Place, seal } from "../../../cache/remote/SignedTrace.ts"
import { Namespace, standing, type Trust } from "../../../cache/remote/Trust.ts"

const namespace = Schema.decodeSync(Namespace)
const main = namespace("main")
const key = Schema.decodeSync(Key)("a".repeat(64))
const place: Place = { kind: "trace", namespace: main, stage: "train", key }

const ada = generate().writer
const bob = generate().writer
const trust: Trust = {
  trusted: [
    { name: "ada", key: ada.publicKey, namespaces: ["main"] },
    { name: "bob", key: bob.publicKey, namespaces: ["pr-*"] }
  ],
  revoked: []
}
const text = JSON.stringify({ outputs: { model: "1".repeat(64) } })
const json = (sealed: Uint8Array) => JSON.parse(Buffer.from(sealed).toString()) as Record<string, string>
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value))
const refusal = (sealed: Uint8Array, at = place, by = trust) =>
  Either.getOrElse(Either.flip(open(sealed, at, by)), () => "opened")

describe("a key", () => {
  it("signs the same when it is read from its secret, which no other text gives", () => {
    const { writer, secret } = generate()
    expect(Schema.is(PublicKey)(writer.publicKey)).toBe(true)
    const again = writerFrom(`${secret}\n`)
    expect(again?.publicKey).toBe(writer.publicKey)
    expect(again?.sign(bytes("x"))).toBe(writer.sign(bytes("x")))
    expect(secret).not.toContain(writer.publicKey.slice(8))
    for (const text of ["", secret.slice(0, -1), `${secret}A`, secret.replace("ed25519-secret:", ""), writer.publicKey])
      expect(writerFrom(text)).toBe(null)
  })

  it("signs as RFC 8032 says (its test 2)", () => {
    const hex = (text: string) => Buffer.from(text, "hex")
    const seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    const writer = writerFrom(`ed25519-secret:${seed.toString("base64url")}`)
    expect(writer?.publicKey).toBe(
      `ed25519:${hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").toString("base64url")}`
    )
    expect(Buffer.from(writer?.sign(hex("72")) ?? "", "base64url").toString("hex")).toBe(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
  })

  it("that is no point of the curve, and a signature that is none, verify nothing and break nothing", () => {
    const odd = `ed25519:${Buffer.alloc(32, 0xff).toString("base64url")}` as PublicKey
    expect(isSignedBy(odd, bytes("x"), ada.sign(bytes("x")))).toBe(false)
    for (const signature of ["", "a", `${ada.sign(bytes("x"))}=`, "!".repeat(86)])
      expect(isSignedBy(ada.publicKey, bytes("x"), signature)).toBe(false)
  })
})

describe("a signed trace", () => {
  it("is opened where it was signed for, by those who trust its writer", () => {
    expect(open(seal(ada, place, text), place, trust)).toEqual(Either.right(text))
  })

  it("serves no other namespace, stage or key, and no chunk", () => {
    const sealed = seal(ada, place, text)
    const everywhere: Trust = { trusted: [{ name: "ada", key: ada.publicKey, namespaces: ["*"] }], revoked: [] }
    const others: ReadonlyArray<Place> = [
      { ...place, namespace: namespace("release") },
      { ...place, stage: "evaluate" },
      { ...place, key: Schema.decodeSync(Key)("b".repeat(64)) },
      { ...place, kind: "chunk" }
    ]
    for (const other of others) expect(refusal(sealed, other, everywhere)).toContain("signed something else")
    expect(refusal(sealed, place, everywhere)).toBe("opened")
  })

  it("of a writer whom nobody knows, who is trusted elsewhere, or whose key is revoked serves nobody, and it is said who that is", () => {
    const mallory = generate().writer
    expect(refusal(seal(mallory, place, text))).toBe(`it is signed by ${mallory.publicKey}, which nobody trusts here`)
    expect(refusal(seal(bob, place, text))).toBe("it is signed by bob, who is not trusted for main")
    const revoking = { ...trust, revoked: [{ name: "ada", key: ada.publicKey, since: "2026-11-29" }] }
    expect(refusal(seal(ada, place, text), place, revoking)).toBe("it is signed by ada, whose key is revoked")
    expect(
      refusal(seal(bob, { ...place, namespace: namespace("pr-7") }, text), { ...place, namespace: namespace("pr-7") })
    ).toBe("opened")
  })

  it("whose text, signature or writer is another's serves nobody", () => {
    const sealed = json(seal(ada, place, text))
    const other = json(seal(ada, place, `${text} `))
    expect(refusal(bytes({ ...sealed, trace: text.replace("1", "2") }))).toContain("signed something else")
    expect(refusal(bytes({ ...sealed, signature: other.signature }))).toContain("signed something else")
    expect(refusal(bytes({ ...sealed, by: bob.publicKey }), { ...place, namespace: namespace("pr-1") })).toContain(
      "signed something else"
    )
  })

  it("that is cut or changed anywhere serves nobody, and breaks nothing", () => {
    const sealed = seal(ada, place, text)
    FastCheck.assert(
      FastCheck.property(FastCheck.nat(sealed.length - 1), FastCheck.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = sealed.slice()
        changed[at] = ((changed[at] ?? 0) + by) % 256
        expect(refusal(changed)).not.toBe("opened")
        expect(refusal(sealed.slice(0, at))).not.toBe("opened")
      }),
      { numRuns: 300 }
    )
  })
})

it("a scope is one namespace, or all that begin so", () => {
  const of = (scope: string, name: string) =>
    standing(
      { trusted: [{ name: "x", key: ada.publicKey, namespaces: [scope] }], revoked: [] },
      ada.publicKey,
      namespace(name)
    )._tag
  expect([of("main", "main"), of("*", "main"), of("pr-*", "pr-7"), of("pr-*", "pr-")]).toEqual(Array(4).fill("Trusted"))
  expect([of("main", "main2"), of("pr-*", "prod"), of("pr-7", "pr-71")]).toEqual(Array(3).fill("Elsewhere"))
})
