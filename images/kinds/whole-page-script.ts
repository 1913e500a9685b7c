/** How many of the likeliest classes are shown of a photo. */
export const MOST_SHOWN = 10

/**
 * What the page of a whole model does in a browser, as plain JavaScript that knows nothing but the page and `tf`: it says what a
 * photo shows that is dropped, chosen, pasted or seen by the camera. Names come from data, and are given as text alone.
 */
export const pageScript = `
"use strict";
{
const $ = (id) => document.getElementById(id)
const given = JSON.parse($("given").textContent)
const [height, width] = given.image
const canvas = $("seen")
const context = canvas.getContext("2d", { willReadFrequently: true })
const percent = (share) => (share * 100).toFixed(1) + " %"
const tell = (text, isBad) => {
  $("told").textContent = text
  $("told").className = isBad ? "failure" : "note"
}

const bytesOf = (id) => {
  const text = atob($(id).textContent)
  $(id).remove()
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}
const opened = (async () => {
  const { modelTopology, weightsManifest } = given.model
  const weightSpecs = weightsManifest.flatMap((group) => group.weights)
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs, weightData: bytesOf("weights").buffer })
  )
  // the first prediction is the slowest, since what computes it is made then: nobody should wait for that with a photo in hand
  const first = tf.tidy(() => model.predict(tf.zeros([1, height, width, 3])))
  await first.data()
  first.dispose()
  return model
})()

/** Shows what the canvas has, once the model has said what that is. */
const classify = async () => {
  const model = await opened
  const began = performance.now()
  const { data } = context.getImageData(0, 0, width, height)
  const probabilities = tf.tidy(() => {
    const pixels = new Float32Array(height * width * 3)
    for (let at = 0; at < height * width; at++)
      for (let channel = 0; channel < 3; channel++) pixels[at * 3 + channel] = data[at * 4 + channel]
    return model.predict(tf.tensor(pixels, [1, height, width, 3]))
  })
  const shares = [...(await probabilities.data())]
  probabilities.dispose()
  const ranked = shares.map((share, index) => ({ share, name: given.classes[index] })).sort((a, b) => b.share - a.share)
  const rows = ranked.slice(0, ${MOST_SHOWN}).map(({ share, name }, place) => {
    const row = document.createElement("li")
    row.className = place === 0 ? "first" : ""
    for (const [kind, text] of [["name", name], ["bar", ""], ["share", percent(share)]]) {
      const part = row.appendChild(document.createElement("span"))
      part.className = kind
      part.textContent = text
    }
    row.children[1].style.setProperty("--share", String(share))
    return row
  })
  $("answer").replaceChildren(...rows)
  $("result").hidden = false
  document.body.dataset.probabilities = JSON.stringify(shares)
  return performance.now() - began
}

/** Stretched to the size of the images that it was trained on, transparent parts white, as those were. */
const draw = (source) => {
  context.fillStyle = "#fff"
  context.fillRect(0, 0, width, height)
  context.imageSmoothingQuality = "high"
  context.drawImage(source, 0, 0, width, height)
}

let camera = null
const stop = () => {
  for (const track of camera ? camera.getTracks() : []) track.stop()
  camera = null
  $("video").srcObject = null
  $("video").hidden = true
  $("camera").textContent = "Use the camera"
}

const ask = async (file) => {
  stop()
  let whole
  try {
    whole = await createImageBitmap(file)
  } catch {
    return tell(file.name + " is no image that this browser opens; expected a photo, such as a JPEG, PNG or WebP. Drop another one.", true)
  }
  const small = await createImageBitmap(whole, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" })
  draw(whole.width === width && whole.height === height ? whole : small)
  if ($("photo").src) URL.revokeObjectURL($("photo").src)
  $("photo").src = URL.createObjectURL(file)
  $("photo").alt = file.name
  $("photo").hidden = false
  const milliseconds = await classify()
  tell(file.name + ", " + whole.width + " x " + whole.height + ": answered in " + milliseconds.toFixed(0) + " ms.", false)
}

const watch = async () => {
  if (camera !== null) {
    stop()
    return tell("The camera is off.", false)
  }
  try {
    camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } })
  } catch (error) {
    return tell("The camera cannot be used: " + error.message + "; expected one that this page may use. Allow it, or drop a photo.", true)
  }
  const video = $("video")
  video.srcObject = camera
  await video.play()
  $("photo").hidden = true
  video.hidden = false
  $("camera").textContent = "Stop the camera"
  while (camera !== null) {
    draw(video)
    const milliseconds = await classify()
    if (camera !== null) tell("The camera: an answer every " + milliseconds.toFixed(0) + " ms.", false)
    await new Promise(requestAnimationFrame)
  }
}

const drop = $("drop")
const images = (transfer) => [...transfer.files][0]
$("file").addEventListener("change", (event) => {
  const file = images(event.target)
  if (file) ask(file)
  event.target.value = ""
})
$("camera").addEventListener("click", watch)
for (const name of ["dragenter", "dragover"])
  addEventListener(name, (event) => {
    event.preventDefault()
    drop.classList.add("over")
  })
for (const name of ["dragleave", "drop"]) addEventListener(name, () => drop.classList.remove("over"))
addEventListener("drop", (event) => {
  event.preventDefault()
  const file = images(event.dataTransfer)
  if (file) ask(file)
})
addEventListener("paste", (event) => {
  const file = images(event.clipboardData)
  if (file) ask(file)
})

opened.then(
  () => {
    document.body.dataset.ready = "true"
    if ($("told").textContent === "") tell("Ready, by " + tf.getBackend() + ".", false)
  },
  (error) => tell("The model cannot be opened: " + error.message + "; expected a browser of the last years. Try another one.", true)
)
}`.trim()
