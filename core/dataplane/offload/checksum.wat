;; The sum of RFC 1071 over octets of the packet memory, 32 at a time. `npm run` nothing builds this: after a change run
;; build/tools/assemble-checksum.ts, which writes checksum-code.ts.
(module
  (memory (import "packet" "memory") 1)

  ;; The ones' complement sum of $length octets at $at (at most 65,536) as 16-bit words in network order, folded, not
  ;; inverted. An odd last octet is padded with zero. Memory is little-endian in here: the sum of swapped words is the
  ;; swapped sum, so that it is turned once at the end.
  (func (export "onesSum") (param $at i32) (param $length i32) (result i32)
    (local $end i32) (local $even v128) (local $odd v128) (local $sum i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done32
      (loop $next32
        (br_if $done32 (i32.gt_u (i32.add (local.get $at) (i32.const 32)) (local.get $end)))
        (local.set $even (i32x4.add (local.get $even)
          (i32x4.extadd_pairwise_i16x8_u (v128.load align=1 (local.get $at)))))
        (local.set $odd (i32x4.add (local.get $odd)
          (i32x4.extadd_pairwise_i16x8_u (v128.load offset=16 align=1 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br $next32)))
    (local.set $even (i32x4.add (local.get $even) (local.get $odd)))
    ;; 32,768 words of 65,535 are less than 2^31: neither a lane nor the four together overflow.
    (local.set $sum
      (i32.add
        (i32.add (i32x4.extract_lane 0 (local.get $even)) (i32x4.extract_lane 1 (local.get $even)))
        (i32.add (i32x4.extract_lane 2 (local.get $even)) (i32x4.extract_lane 3 (local.get $even)))))
    (block $done2
      (loop $next2
        (br_if $done2 (i32.gt_u (i32.add (local.get $at) (i32.const 2)) (local.get $end)))
        (local.set $sum (i32.add (local.get $sum) (i32.load16_u align=1 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br $next2)))
    (if (i32.lt_u (local.get $at) (local.get $end))
      (then (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))))
    (local.set $sum (i32.add (i32.and (local.get $sum) (i32.const 0xffff)) (i32.shr_u (local.get $sum) (i32.const 16))))
    (local.set $sum (i32.add (i32.and (local.get $sum) (i32.const 0xffff)) (i32.shr_u (local.get $sum) (i32.const 16))))
    (i32.or
      (i32.shl (i32.and (local.get $sum) (i32.const 0xff)) (i32.const 8))
      (i32.shr_u (local.get $sum) (i32.const 8)))))
