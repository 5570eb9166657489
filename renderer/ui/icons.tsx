/** Our icons: strokes on a 24 grid, in the colour of the text around them, and never the only thing that says something. */
const paths = {
  connection: 'M4 12a8 8 0 0 1 16 0M8 12a4 4 0 0 1 8 0M12 12v8M9 20h6',
  profiles: 'M4 7.500h16M4 12h16M4 16.500h10',
  details: 'M12 3.500 20 7v5c0 4.500-3.300 7.600-8 9-4.700-1.400-8-4.500-8-9V7zM9 12l2.200 2.200L15.500 10',
  logs: 'M6 4h9l4 4v12H6zM14.500 4v4.500H19M9 12.500h6M9 16h6',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.700v4.600M9 14.700v4.600',
  check: 'M5 12.500 10 17.500 19.500 7',
  lock: 'M6.500 11h11v8.500h-11zM8.800 11V8.200a3.200 3.200 0 0 1 6.400 0V11',
  open: 'M6.500 11h11v8.500h-11zM8.800 11V8.200a3.200 3.200 0 0 1 6.200-1',
  alert: 'M12 4 21 19.500H3zM12 10v4.500M12 17v.2',
  again:
    'M19.500 8A8 8 0 0 0 5 9.500M4.500 5v4.800h4.800M4.500 16A8 8 0 0 0 19 14.500M19.500 19v-4.800h-4.800',
  down: 'M12 5v13M6.500 12.500 12 18l5.500-5.500',
  up: 'M12 19V6M6.500 11.500 12 6l5.500 5.500',
  trip: 'M4 9h14M14.500 5.500 18 9l-3.500 3.500M20 15H6M9.500 11.500 6 15l3.500 3.500',
  clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 7.500V12l3 2',
  search: 'M11 4.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13M16 16l4 4',
  import: 'M12 4v10.500M7.500 10.500 12 15l4.500-4.500M4.500 17v2.500h15V17',
  plus: 'M12 5v14M5 12h14',
  copy: 'M9 9h10.500v10.500H9zM5 15H4.500V4.500H15V5',
  bin: 'M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7',
  back: 'M19 12H5M11 6l-6 6 6 6',
  close: 'M6 6l12 12M18 6 6 18',
  move: 'M4 12h13M13 7.500l4.500 4.500L13 16.500M20.500 6v12',
  broken: 'M9.500 14.500l-2 2a3 3 0 0 1-4-4l3-3M14.500 9.500l2-2a3 3 0 0 1 4 4l-3 3M4 4l16 16',
  key: 'M14.500 4.500a5 5 0 1 1-3.700 8.300L4.500 19v1.500H8V18h2.500v-2.500l1.300-1.300M15.500 8.500v.2',
  power: 'M12 4v8M7.500 6.800a7 7 0 1 0 9 0',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="24"
      height="24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
