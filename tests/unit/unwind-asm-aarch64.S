/* SPDX-License-Identifier: MIT */
/* Functions without unwind data. Each calls its first argument with its second. */

	.text

/* With a frame pointer. */
	.globl	asm_with_pointer
	.type	asm_with_pointer, %function
asm_with_pointer:
	stp	x29, x30, [sp, -64]!
	mov	x29, sp
	mov	x9, x0
	mov	x0, x1
	blr	x9
	ldp	x29, x30, [sp], 64
	ret
	.globl	asm_with_pointer_end
asm_with_pointer_end:
	.size	asm_with_pointer, . - asm_with_pointer

/* Hands its arguments on to the third, with a frame pointer, but jumps instead of calling. */
	.globl	asm_jumping
	.type	asm_jumping, %function
asm_jumping:
	stp	x29, x30, [sp, -16]!
	mov	x29, sp
	adr	x30, 0f
	br	x2
	nop
0:	ldp	x29, x30, [sp], 16
	ret
	.globl	asm_jumping_end
asm_jumping_end:
	.size	asm_jumping, . - asm_jumping

/* The frame pointer register holds the third argument instead. */
	.globl	asm_without_pointer
	.type	asm_without_pointer, %function
asm_without_pointer:
	stp	x29, x30, [sp, -64]!
	mov	x29, x2
	mov	x9, x0
	mov	x0, x1
	blr	x9
	ldp	x29, x30, [sp], 64
	ret
	.globl	asm_without_pointer_end
asm_without_pointer_end:
	.size	asm_without_pointer, . - asm_without_pointer

/* Jumps to it with a return address of 0: it must not return. */
	.globl	asm_without_return
	.type	asm_without_return, %function
asm_without_return:
	mov	x9, x0
	mov	x0, x1
	mov	x30, 0
	br	x9
	.size	asm_without_return, . - asm_without_return

	.section .note.GNU-stack, "", %progbits
