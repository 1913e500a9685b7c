import { useEffect, useState } from "preact/hooks"

/** The time in milliseconds, each second anew as long as it is needed. */
export const useNow = (isNeeded: boolean): number => {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    if (!isNeeded) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [isNeeded])
  return Math.max(now, Date.now())
}
