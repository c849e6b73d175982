// A photo for the acted server, drawn where it is asked for: a person before a wall.
const SIDE = 128;

export async function actedPhoto(): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const pen = canvas.getContext('2d');
  if (pen) draw(pen);
  const photo = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
  return new Uint8Array(await photo.arrayBuffer());
}

function draw(pen: OffscreenCanvasRenderingContext2D): void {
  const wall = pen.createLinearGradient(0, 0, SIDE, SIDE);
  wall.addColorStop(0, '#d9c7a3');
  wall.addColorStop(1, '#8c9a86');
  pen.fillStyle = wall;
  pen.fillRect(0, 0, SIDE, SIDE);
  pen.fillStyle = '#2f4858';
  pen.beginPath();
  pen.ellipse(SIDE / 2, SIDE, SIDE * 0.38, SIDE * 0.36, 0, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = '#c68e6b';
  pen.beginPath();
  pen.ellipse(SIDE / 2, SIDE * 0.42, SIDE * 0.17, SIDE * 0.21, 0, 0, 2 * Math.PI);
  pen.fill();
}
