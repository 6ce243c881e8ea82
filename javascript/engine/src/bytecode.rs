//! Evaluates a source without keeping it.
//!
//! QuickJS keeps the text of every function for `toString`, and a function within a function within a function has it
//! three times. Of the runtime nobody needs it, and the host copies what a snapshot holds for every token.

use std::ffi::{CString, c_int};
use std::ptr::NonNull;

use rquickjs::{Ctx, Error, Result, qjs};

/// Evaluates a classic script for its effects. Its functions do not know their text. Errors name `file`.
///
/// # Errors
/// What the script throws, also where it cannot be compiled.
pub fn run(ctx: &Ctx<'_>, file: &str, source: String) -> Result<()> {
    Bytecode::compiled(ctx, file, source)?.run()
}

/// Compiled code, in memory that belongs to QuickJS.
struct Bytecode<'a, 'js> {
    ctx: &'a Ctx<'js>,
    place: NonNull<u8>,
    length: usize,
}

impl<'a, 'js> Bytecode<'a, 'js> {
    fn compiled(ctx: &'a Ctx<'js>, file: &str, source: String) -> Result<Self> {
        let (file, source) = (CString::new(file)?, CString::new(source)?);
        let length = source.as_bytes().len() as qjs::size_t;
        let context = ctx.as_raw().as_ptr();
        let flags = (qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as c_int;
        // SAFETY: both texts end in a zero and outlive the call. The code that it gives is freed once it is written
        // down; both functions say by what they give whether an exception is waiting.
        unsafe {
            let code = qjs::JS_Eval(context, source.as_ptr(), length, file.as_ptr(), flags);
            if qjs::JS_IsException(code) {
                return Err(Error::Exception);
            }
            let written = Self::written(ctx, code);
            qjs::JS_FreeValue(context, code);
            written
        }
    }

    /// # Safety
    /// `code` is a value of this context.
    unsafe fn written(ctx: &'a Ctx<'js>, code: qjs::JSValue) -> Result<Self> {
        let flags = (qjs::JS_WRITE_OBJ_BYTECODE | qjs::JS_WRITE_OBJ_STRIP_SOURCE) as c_int;
        let mut length: qjs::size_t = 0;
        // SAFETY: by the promise to this function.
        let place = unsafe { qjs::JS_WriteObject(ctx.as_raw().as_ptr(), &mut length, code, flags) };
        match NonNull::new(place) {
            Some(place) => Ok(Self {
                ctx,
                place,
                length: length as usize,
            }),
            None => Err(Error::Exception),
        }
    }

    fn run(&self) -> Result<()> {
        let context = self.ctx.as_raw().as_ptr();
        let (flags, length) = (
            qjs::JS_READ_OBJ_BYTECODE as c_int,
            self.length as qjs::size_t,
        );
        // SAFETY: the bytes are what this very library wrote. Evaluating takes the code, also where it fails.
        unsafe {
            let code = qjs::JS_ReadObject(context, self.place.as_ptr(), length, flags);
            if qjs::JS_IsException(code) {
                return Err(Error::Exception);
            }
            let value = qjs::JS_EvalFunction(context, code);
            if qjs::JS_IsException(value) {
                return Err(Error::Exception);
            }
            qjs::JS_FreeValue(context, value);
        }
        Ok(())
    }
}

impl Drop for Bytecode<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: QuickJS allocated it, and nothing points to it any more.
        unsafe { qjs::js_free(self.ctx.as_raw().as_ptr(), self.place.as_ptr().cast()) };
    }
}

#[cfg(test)]
mod tests {
    use rquickjs::{CatchResultExt, Context, Runtime};

    use super::run;

    /// What `globalThis.said` is after a script ran, or the error.
    fn said(script: &str) -> String {
        let runtime = Runtime::new().unwrap();
        let context = Context::full(&runtime).unwrap();
        context.with(
            |ctx| match run(&ctx, "rulemint:runtime", script.to_owned()).catch(&ctx) {
                Ok(()) => ctx.globals().get("said").unwrap(),
                Err(error) => error.to_string(),
            },
        )
    }

    #[test]
    fn a_script_has_its_effects() {
        assert_eq!(
            said("globalThis.said = [1, 2].map((n) => n + 1).join()"),
            "2,3"
        );
    }

    #[test]
    fn its_functions_do_not_know_their_text() {
        let text = said("function secret() { return 17; } globalThis.said = String(secret)");
        assert!(!text.contains("17"), "{text}");
    }

    #[test]
    fn what_it_throws_names_its_file_and_line() {
        let error = said("\nthrow new RangeError('too far')");
        assert!(
            error.contains("too far") && error.contains("rulemint:runtime:2:"),
            "{error}"
        );
    }

    #[test]
    fn a_script_that_cannot_be_compiled_is_an_error() {
        let error = said("\n let = ;");
        assert!(error.contains("rulemint:runtime:2:"), "{error}");
    }

    #[test]
    fn a_zero_in_the_source_is_an_error() {
        assert!(said("'\0'").contains("nul"), "{}", said("'\0'"));
    }
}
