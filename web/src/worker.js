// Counts until SHA-256(salt number) is the task's challenge, and says the number;
// -1 if there is none. It runs beside the page, which stays quick.
onmessage = async ({ data: { challenge, maxNumber, salt } }) => {
  const text = new TextEncoder();
  const want = challenge.match(/../g).map((byte) => parseInt(byte, 16));
  for (let number = 0; number <= maxNumber; number++) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(salt + number)));
    if (want.every((byte, i) => byte === hash[i])) return postMessage(number);
  }
  postMessage(-1);
};
