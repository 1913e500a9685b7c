/** Endings of picture formats, whether or not they can be read here: what has one is meant as a picture. */
const endings =
  /\.(jpe?g|jpe|jfif|jfi|pjpe?g|pjp|a?png|webp|gif|tiff?|avif|hei[cf]s?|bmp|dib|ico|svgz?|jp2|j2k|jpx|jpf|jxl|jxr|p[bgnp]m|tga|exr|hdr|psd|dng|cr[23]|nef|arw|orf|rw2|raf)$/i

/** Whether a file is an image by its name. Inside class folders every file is taken for one, whatever it is called. */
export const isImageName = (path: string): boolean => endings.test(path)
