/** What every picture is written in; sizes in CSS pixels. */
export const FONT = {
  family: "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif",
  title: 13.5,
  event: 12,
  detail: 10.5,
  step: 10.5,
} as const;
